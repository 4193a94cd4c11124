package routing

import (
	"fmt"
	"io"
)

// WriteMetrics writes the table's gauges in the text format of Prometheus.
func WriteMetrics(out io.Writer, table *Table) error {
	routes := table.Routes()
	if _, err := fmt.Fprintf(out, "routing_hosts %d\n", len(routes)); err != nil {
		return err
	}
	hosts := make(map[string]int)
	for _, backend := range routes {
		hosts[backend]++
	}
	for backend, count := range hosts {
		if _, err := fmt.Fprintf(out, "routing_backend_hosts{backend=%q} %d\n", backend, count); err != nil {
			return err
		}
	}
	return nil
}
