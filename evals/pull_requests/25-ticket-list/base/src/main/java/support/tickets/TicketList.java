package support.tickets;

import java.time.Instant;
import java.util.List;

public final class TicketList {
    private static final int MAXIMUM = 100;

    private final Tickets tickets;

    public TicketList(Tickets tickets) {
        this.tickets = tickets;
    }

    public Page list(long teamId, int limit, int offset) {
        int size = Math.min(limit, MAXIMUM);
        List<Ticket> found = tickets.newest(teamId, size, offset);
        return new Page(found, found.size() == size);
    }

    public record Ticket(long id, String subject, Instant openedAt) {}

    public record Page(List<Ticket> tickets, boolean hasMore) {}

    public interface Tickets {
        /** Ordered by openedAt and id, both descending. */
        List<Ticket> newest(long teamId, int limit, int offset);
    }
}
