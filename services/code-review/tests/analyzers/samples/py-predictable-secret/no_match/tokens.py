token = secrets.token_urlsafe()
reset_token = "".join(secrets.choice(LETTERS) for _ in range(32))
delay = random.random() * 3
tokens_per_second = random.randint(1, 5)
token = random.SystemRandom().choice(LETTERS)
