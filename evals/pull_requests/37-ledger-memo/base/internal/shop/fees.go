package shop

import (
	"context"
	"fmt"

	"example.test/shop/internal/ledger"
)

// Fees takes the platform's share of sales.
type Fees struct {
	ledger   *ledger.Ledger
	platform ledger.AccountID
	permille ledger.Cents
}

// Take moves the share of an order from the shop to the platform.
func (f *Fees) Take(ctx context.Context, shop ledger.AccountID, order *Order) error {
	fee := order.Total * f.permille / 1000
	if fee == 0 {
		return nil
	}
	if err := f.ledger.Move(ctx, f.platform, shop, fee); err != nil {
		return fmt.Errorf("fee of order %s: %w", order.ID, err)
	}
	return nil
}
