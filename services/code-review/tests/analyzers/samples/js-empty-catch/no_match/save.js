try {
  save();
} catch (error) {
  // the draft is kept by the browser
}
try {
  load();
} catch (error) {
  report(error);
}
promise.catch(() => {});
