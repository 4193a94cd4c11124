package shop.coupons;

import java.util.Objects;

public final class Redemption {
    private final Coupons coupons;
    private final Discounts discounts;

    public Redemption(Coupons coupons, Discounts discounts) {
        this.coupons = Objects.requireNonNull(coupons);
        this.discounts = Objects.requireNonNull(discounts);
    }

    public void redeem(String code, long orderId) {
        if (!coupons.use(code)) {
            throw new Refused("This coupon cannot be used");
        }
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
