package routing

import (
	"sort"
	"sync"
)

// Table maps host names to the backend that serves them.
type Table struct {
	mutex  sync.RWMutex
	routes map[string]string
}

// NewTable makes an empty Table.
func NewTable() *Table {
	return &Table{routes: make(map[string]string)}
}

// Set has a host served by a backend.
func (t *Table) Set(host, backend string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.routes[host] = backend
}

// Remove forgets a host.
func (t *Table) Remove(host string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.routes, host)
}

// Backend returns who serves the host.
func (t *Table) Backend(host string) (string, bool) {
	t.mutex.RLock()
	defer t.mutex.RUnlock()
	backend, known := t.routes[host]
	return backend, known
}

// Routes returns the backend of every host.
func (t *Table) Routes() map[string]string {
	t.mutex.RLock()
	defer t.mutex.RUnlock()
	return t.routes
}

// Hosts returns the host names in order.
func (t *Table) Hosts() []string {
	t.mutex.RLock()
	defer t.mutex.RUnlock()
	hosts := make([]string, 0, len(t.routes))
	for host := range t.routes {
		hosts = append(hosts, host)
	}
	sort.Strings(hosts)
	return hosts
}
