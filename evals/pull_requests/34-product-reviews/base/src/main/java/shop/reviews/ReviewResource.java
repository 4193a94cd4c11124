package shop.reviews;

import java.sql.SQLException;
import java.util.List;
import java.util.Map;

public final class ReviewResource {
    private static final int MAXIMUM_SIZE = 100;

    private final ReviewQueries reviews;

    public ReviewResource(ReviewQueries reviews) {
        this.reviews = reviews;
    }

    /** GET /products/{id}/reviews */
    public List<ReviewQueries.Review> list(long productId, Map<String, String> query) throws SQLException {
        int page = number(query, "page", 0);
        int size = number(query, "size", 20);
        if (page < 0 || size < 1 || size > MAXIMUM_SIZE) {
            throw new BadRequest("page or size is out of range");
        }
        return reviews.page(productId, page, size);
    }

    private static int number(Map<String, String> query, String name, int otherwise) {
        String text = query.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException problem) {
            throw new BadRequest(name + " is not a number");
        }
    }

    public static final class BadRequest extends RuntimeException {
        public BadRequest(String message) {
            super(message);
        }
    }
}
