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
        return match ($format) {
            'json' => ['application/json', json_encode($rows, JSON_THROW_ON_ERROR)],
            'csv' => ['text/csv', $this->csv($rows)],
            default => throw new UnknownFormat($format),
        };
    }

    /** @param list<array<string, string|int|null>> $rows */
    private function csv(array $rows): string
    {
        $out = fopen('php://temp', 'r+b');
        if ($rows !== []) {
            fputcsv($out, array_keys($rows[0]), ',', '"', '');
        }
        foreach ($rows as $row) {
            fputcsv($out, array_map($this->inert(...), $row), ',', '"', '');
        }
        rewind($out);
        return (string) stream_get_contents($out);
    }

    private function inert(string|int|null $value): string|int|null
    {
        if (is_string($value) && !is_numeric($value) && preg_match('/^[=+\-@\t\r]/', $value) === 1) {
            return "'" . $value;
        }
        return $value;
    }
}
