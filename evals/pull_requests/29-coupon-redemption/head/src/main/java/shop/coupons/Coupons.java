package shop.coupons;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import javax.sql.DataSource;

public final class Coupons {
    private static final String FIND = "SELECT used, maximum, expires_at FROM coupons WHERE code = ?";
    private static final String USE = "UPDATE coupons SET used = used + 1 WHERE code = ?";

    private final DataSource dataSource;

    public Coupons(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    public Optional<Coupon> find(String code) {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(FIND)) {
            statement.setString(1, code);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                Instant expiresAt = row.getTimestamp("expires_at").toInstant();
                return Optional.of(new Coupon(row.getInt("used"), row.getInt("maximum"), expiresAt));
            }
        } catch (SQLException problem) {
            throw new IllegalStateException("coupons cannot be read", problem);
        }
    }

    /** Count a use. */
    public void use(String code) {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(USE)) {
            statement.setString(1, code);
            statement.executeUpdate();
        } catch (SQLException problem) {
            throw new IllegalStateException("coupons cannot be read", problem);
        }
    }

    public record Coupon(int used, int maximum, Instant expiresAt) {}
}
