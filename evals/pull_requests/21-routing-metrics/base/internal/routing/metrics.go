package routing

import (
	"fmt"
	"io"
)

// WriteMetrics writes the table's gauges in the text format of Prometheus.
func WriteMetrics(out io.Writer, table *Table) error {
	_, err := fmt.Fprintf(out, "routing_hosts %d\n", len(table.Hosts()))
	return err
}
