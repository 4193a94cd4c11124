import { randomUUID } from "node:crypto";
import type { Database, Transaction } from "./database";

export interface Booking {
  id: string;
  roomId: string;
  guestId: string;
  from: Date;
  to: Date;
  status: "held" | "confirmed" | "cancelled";
}

export interface Outbox {
  add(tx: Transaction, message: { id: string; type: string; body: unknown }): Promise<void>;
}

const SHORT_NOTICE_MS = 2 * 24 * 60 * 60 * 1000;

export class BookingNotFound extends Error {}

export class NotHeld extends Error {}

export class ConfirmBooking {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
  ) {}

  async execute(bookingId: string, paymentId: string): Promise<Booking> {
    return this.database.transaction(async (tx) => {
      const booking = await tx.one<Booking>("SELECT * FROM bookings WHERE id = $1 FOR UPDATE", [bookingId]);
      if (!booking) {
        throw new BookingNotFound(bookingId);
      }
      if (booking.status !== "held") {
        throw new NotHeld(`booking ${bookingId} is ${booking.status}`);
      }
      await tx.run("UPDATE bookings SET status = 'confirmed', payment_id = $2 WHERE id = $1", [
        bookingId,
        paymentId,
      ]);
      this.announce(tx, booking, paymentId);
      return { ...booking, status: "confirmed" };
    });
  }

  private async announce(tx: Transaction, booking: Booking, paymentId: string): Promise<void> {
    await this.outbox.add(tx, {
      id: randomUUID(),
      type: "booking.confirmed",
      body: { bookingId: booking.id, paymentId },
    });
    if (booking.from.getTime() - Date.now() < SHORT_NOTICE_MS) {
      await this.outbox.add(tx, {
        id: randomUUID(),
        type: "housekeeping.short_notice",
        body: { roomId: booking.roomId, from: booking.from.toISOString() },
      });
    }
  }
}
