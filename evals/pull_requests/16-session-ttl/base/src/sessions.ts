import { randomBytes } from "node:crypto";
import type { Response } from "express";
import type { Redis } from "ioredis";
import type { Config } from "./config";

export interface Session {
  userId: string;
  createdAt: string;
}

export class SessionStore {
  constructor(
    private readonly redis: Redis,
    private readonly config: Config,
  ) {}

  async start(response: Response, userId: string): Promise<string> {
    const id = randomBytes(32).toString("base64url");
    const session: Session = { userId, createdAt: new Date().toISOString() };
    await this.redis.set(this.key(id), JSON.stringify(session), "PX", this.config.sessionTtlMs);
    response.cookie(this.config.cookieName, id, {
      httpOnly: true,
      secure: true,
      sameSite: "lax",
      maxAge: this.config.sessionTtlMs,
    });
    return id;
  }

  async find(id: string): Promise<Session | null> {
    const text = await this.redis.get(this.key(id));
    if (text === null) {
      return null;
    }
    await this.redis.pexpire(this.key(id), this.config.sessionTtlMs);
    return JSON.parse(text) as Session;
  }

  async end(id: string): Promise<void> {
    await this.redis.del(this.key(id));
  }

  private key(id: string): string {
    return `session:${id}`;
  }
}
