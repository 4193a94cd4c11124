try {
  render(<App />);
} catch (error) {
  throw new Failure(error);
}
