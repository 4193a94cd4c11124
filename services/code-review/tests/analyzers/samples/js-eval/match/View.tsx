export const View = ({ code }: Props) => <p>{eval(code)}</p>; // crivo: match
