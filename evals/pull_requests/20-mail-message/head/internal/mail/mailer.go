package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrHeader is returned when a header value has a line break.
var ErrHeader = errors.New("line break in a header")

// Message is a text to one person.
type Message struct {
	To      string
	Subject string
	Body    string
}

// Transport sends what was composed.
type Transport interface {
	Deliver(ctx context.Context, from string, to []string, raw []byte) error
}

// Mailer sends text messages.
type Mailer struct {
	transport Transport
	sender    string
}

// NewMailer makes a Mailer that sends in the name of sender.
func NewMailer(transport Transport, sender string) *Mailer {
	return &Mailer{transport: transport, sender: sender}
}

// Send sends a message.
func (m *Mailer) Send(ctx context.Context, message Message) error {
	if strings.ContainsAny(message.To+message.Subject, "\r\n") {
		return ErrHeader
	}
	raw := fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\n%s",
		m.sender, message.To, message.Subject, message.Body)
	return m.transport.Deliver(ctx, m.sender, []string{message.To}, raw)
}
