package shop.reviews;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

public final class ReviewQueries {
    private static final String PAGE =
            "SELECT id, author, stars, body, created_at FROM reviews"
                    + " WHERE product_id = ? ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?";

    private final DataSource dataSource;

    public ReviewQueries(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /** The newest first. */
    public List<Review> page(long productId, int page, int size) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(PAGE)) {
            statement.setLong(1, productId);
            statement.setInt(2, size);
            statement.setLong(3, (long) page * size);
            try (ResultSet rows = statement.executeQuery()) {
                List<Review> found = new ArrayList<>();
                while (rows.next()) {
                    found.add(read(rows));
                }
                return found;
            }
        }
    }

    private static Review read(ResultSet row) throws SQLException {
        Instant createdAt = row.getTimestamp("created_at").toInstant();
        return new Review(
                row.getLong("id"), row.getString("author"), row.getInt("stars"), row.getString("body"), createdAt);
    }

    public record Review(long id, String author, int stars, String body, Instant createdAt) {}
}
