export interface Config {
  port: number;
  redisUrl: string;
  sessionTtlSeconds: number;
  cookieName: string;
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set`);
  }
  return value;
}

export function readConfig(): Config {
  return {
    port: Number(process.env.PORT ?? 3000),
    redisUrl: required("REDIS_URL"),
    sessionTtlSeconds: Number(process.env.SESSION_TTL_SECONDS ?? 3600),
    cookieName: process.env.COOKIE_NAME ?? "sid",
  };
}
