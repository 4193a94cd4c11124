package gateway.limits;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

public final class RequestLimit {
    private final ConcurrentMap<String, Window> windows = new ConcurrentHashMap<>();
    private final int maximum;
    private final Duration length;
    private final Clock clock;

    public RequestLimit(int maximum, Duration length, Clock clock) {
        this.maximum = maximum;
        this.length = length;
        this.clock = clock;
    }

    public boolean allows(String client) {
        Instant now = clock.instant();
        Window counted = windows.compute(client, (key, window) -> {
            if (window == null || !now.isBefore(window.end())) {
                return new Window(now.plus(length), 1);
            }
            return window.count() > maximum ? window : new Window(window.end(), window.count() + 1);
        });
        return counted.count() <= maximum;
    }

    public void removeEnded() {
        Instant now = clock.instant();
        windows.values().removeIf(window -> !now.isBefore(window.end()));
    }

    private record Window(Instant end, int count) {}
}
