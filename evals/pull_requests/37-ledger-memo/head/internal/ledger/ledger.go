package ledger

import (
	"context"
	"errors"
	"fmt"
)

// AccountID names an account.
type AccountID string

// Cents is an amount of money.
type Cents int64

// ErrAmount is returned for amounts that are not positive.
var ErrAmount = errors.New("amount must be positive")

// Entries stores bookings; an amount below zero leaves the account.
type Entries interface {
	Book(ctx context.Context, amounts map[AccountID]Cents, memo string) error
}

// Ledger moves money between accounts.
type Ledger struct {
	entries Entries
}

// New makes a Ledger on a store.
func New(entries Entries) *Ledger {
	return &Ledger{entries: entries}
}

// Move books an amount from one account to another.
func (l *Ledger) Move(ctx context.Context, from, to AccountID, amount Cents, memo string) error {
	if amount <= 0 {
		return fmt.Errorf("move %d: %w", amount, ErrAmount)
	}
	return l.entries.Book(ctx, map[AccountID]Cents{from: -amount, to: amount}, memo)
}
