package gateway.limits;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

public final class RequestLimit {
    private final Map<String, Window> windows = new HashMap<>();
    private final int maximum;
    private final Duration length;
    private final Clock clock;

    public RequestLimit(int maximum, Duration length, Clock clock) {
        this.maximum = maximum;
        this.length = length;
        this.clock = clock;
    }

    public synchronized boolean allows(String client) {
        Instant now = clock.instant();
        Window window = windows.get(client);
        if (window == null || !now.isBefore(window.end())) {
            windows.put(client, new Window(now.plus(length), 1));
            return true;
        }
        windows.put(client, new Window(window.end(), window.count() + 1));
        return window.count() < maximum;
    }

    public synchronized void removeEnded() {
        Instant now = clock.instant();
        windows.values().removeIf(window -> !now.isBefore(window.end()));
    }

    private record Window(Instant end, int count) {}
}
