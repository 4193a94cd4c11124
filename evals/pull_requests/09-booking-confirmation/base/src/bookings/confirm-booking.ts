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
      await this.outbox.add(tx, {
        id: randomUUID(),
        type: "booking.confirmed",
        body: { bookingId, paymentId },
      });
      return { ...booking, status: "confirmed" };
    });
  }
}
