package support.tickets;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

public final class TicketList {
    private static final int MAXIMUM = 100;

    private final Tickets tickets;

    public TicketList(Tickets tickets) {
        this.tickets = tickets;
    }

    public Page list(long teamId, int limit, Optional<Place> after) {
        int size = Math.max(1, Math.min(limit, MAXIMUM));
        List<Ticket> found = tickets.newest(teamId, size + 1, after);
        if (found.size() <= size) {
            return new Page(found, Optional.empty());
        }
        List<Ticket> shown = List.copyOf(found.subList(0, size));
        Ticket last = shown.get(size - 1);
        return new Page(shown, Optional.of(new Place(last.openedAt(), last.id())));
    }

    public record Ticket(long id, String subject, Instant openedAt) {}

    public record Place(Instant openedAt, long id) {}

    public record Page(List<Ticket> tickets, Optional<Place> next) {}

    public interface Tickets {
        /** Ordered by openedAt and id, both descending; only those that come after the place. */
        List<Ticket> newest(long teamId, int limit, Optional<Place> after);
    }
}
