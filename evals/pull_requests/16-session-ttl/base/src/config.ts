export interface Config {
  port: number;
  redisUrl: string;
  sessionTtlMs: number;
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
    sessionTtlMs: Number(process.env.SESSION_TTL_MS ?? 3_600_000),
    cookieName: process.env.COOKIE_NAME ?? "sid",
  };
}
