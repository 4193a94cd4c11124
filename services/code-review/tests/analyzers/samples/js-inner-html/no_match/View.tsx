export const View = ({ text }: Props) => <p title={text}>{text}</p>;
