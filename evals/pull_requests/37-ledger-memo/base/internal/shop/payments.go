package shop

import (
	"context"
	"fmt"

	"example.test/shop/internal/ledger"
)

// Order is what a customer bought.
type Order struct {
	ID       string
	Customer ledger.AccountID
	Total    ledger.Cents
	Refunded ledger.Cents
}

// Payments moves the money of orders.
type Payments struct {
	ledger *ledger.Ledger
	shop   ledger.AccountID
}

// Charge takes the order's total from the customer.
func (p *Payments) Charge(ctx context.Context, order *Order) error {
	if err := p.ledger.Move(ctx, p.shop, order.Customer, order.Total); err != nil {
		return fmt.Errorf("charge order %s: %w", order.ID, err)
	}
	return nil
}

// Refund gives back what was not refunded yet.
func (p *Payments) Refund(ctx context.Context, order *Order) error {
	return p.RefundPart(ctx, order, order.Total-order.Refunded)
}

// RefundPart gives back a part of the order's total.
func (p *Payments) RefundPart(ctx context.Context, order *Order, amount ledger.Cents) error {
	if order.Refunded+amount > order.Total {
		return fmt.Errorf("refund order %s: %d is more than is left", order.ID, amount)
	}
	if err := p.ledger.Move(ctx, order.Customer, p.shop, amount); err != nil {
		return fmt.Errorf("refund order %s: %w", order.ID, err)
	}
	order.Refunded += amount
	return nil
}
