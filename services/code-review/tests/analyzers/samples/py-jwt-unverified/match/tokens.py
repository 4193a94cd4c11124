claims = jwt.decode(token, options={"verify_signature": False})  # crivo: match
claims = jwt.decode(token, key, verify=False)  # crivo: match
claims = jwt.decode(token, verify=False, algorithms=["HS256"])  # crivo: match


def read(token):
    return jwt.decode(  # crivo: match
        token,
        options={'verify_exp': True, 'verify_signature': False},
    )
