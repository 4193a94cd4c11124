package shop.coupons;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import javax.sql.DataSource;

public final class Coupons {
    private static final String USE =
            "UPDATE coupons SET used = used + 1 WHERE code = ? AND used < maximum AND expires_at > now()";

    private final DataSource dataSource;

    public Coupons(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /** Count a use; false if there is no use left. */
    public boolean use(String code) {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(USE)) {
            statement.setString(1, code);
            return statement.executeUpdate() == 1;
        } catch (SQLException problem) {
            throw new IllegalStateException("coupons cannot be read", problem);
        }
    }
}
