<?php

declare(strict_types=1);

namespace App\Exports;

final class ExportController
{
    public function __construct(private readonly ExportRepository $exports)
    {
    }

    /** @return array{string, string} content type and content */
    public function export(int $accountId, string $format): array
    {
        $rows = $this->exports->rows($accountId);
        if ($format == 'json') {
            return ['application/json', json_encode($rows, JSON_THROW_ON_ERROR)];
        }
        return ['text/csv', $this->csv($rows)];
    }

    /** @param list<array<string, string|int|null>> $rows */
    private function csv(array $rows): string
    {
        $out = fopen('php://temp', 'r+b');
        foreach ($rows as $row) {
            fputcsv($out, $row, ',', '"', '');
        }
        rewind($out);
        return (string) stream_get_contents($out);
    }
}
