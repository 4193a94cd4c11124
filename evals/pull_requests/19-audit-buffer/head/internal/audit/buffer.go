package audit

import (
	"context"
	"sync"
	"time"
)

// Entry is something that somebody did.
type Entry struct {
	Actor  string
	Action string
	At     time.Time
}

// Sink writes entries where they are kept.
type Sink interface {
	Write(ctx context.Context, entries []Entry) error
}

// Buffer collects entries and writes them in batches.
type Buffer struct {
	flushing sync.Mutex
	mutex    sync.Mutex
	pending  []Entry
	sink     Sink
}

// NewBuffer makes a Buffer before a Sink.
func NewBuffer(sink Sink) *Buffer {
	return &Buffer{sink: sink}
}

// Add takes an entry; Flush writes it.
func (b *Buffer) Add(entry Entry) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.pending = append(b.pending, entry)
}

// Flush writes what was added; what could not be written stays.
func (b *Buffer) Flush(ctx context.Context) error {
	b.flushing.Lock()
	defer b.flushing.Unlock()

	batch := b.take()
	if len(batch) == 0 {
		return nil
	}
	if err := b.sink.Write(ctx, batch); err != nil {
		b.putBack(batch)
		return err
	}
	return nil
}

func (b *Buffer) take() []Entry {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	batch := b.pending
	b.pending = nil
	return batch
}

func (b *Buffer) putBack(batch []Entry) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.pending = append(batch, b.pending...)
}
