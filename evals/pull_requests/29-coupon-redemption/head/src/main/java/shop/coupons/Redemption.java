package shop.coupons;

import java.time.Clock;
import java.util.Objects;

public final class Redemption {
    private final Coupons coupons;
    private final Discounts discounts;
    private final Clock clock;

    public Redemption(Coupons coupons, Discounts discounts, Clock clock) {
        this.coupons = Objects.requireNonNull(coupons);
        this.discounts = Objects.requireNonNull(discounts);
        this.clock = Objects.requireNonNull(clock);
    }

    public void redeem(String code, long orderId) {
        Coupons.Coupon coupon = coupons.find(code).orElseThrow(() -> new Refused("There is no such coupon"));
        if (!coupon.expiresAt().isAfter(clock.instant())) {
            throw new Refused("This coupon has expired");
        }
        if (coupon.used() >= coupon.maximum()) {
            throw new Refused("This coupon has been used up");
        }
        coupons.use(code);
        discounts.apply(orderId, code);
    }

    public interface Discounts {
        void apply(long orderId, String code);
    }

    public static final class Refused extends RuntimeException {
        public Refused(String message) {
            super(message);
        }
    }
}
