token = random.randint(0, 10**6)  # crivo: match
self.reset_token = "".join(random.choice(LETTERS) for _ in range(32))  # crivo: match
API_KEY = hex(random.getrandbits(128))  # crivo: match
user.password = "".join(random.choices(string.ascii_letters, k=12))  # crivo: match
