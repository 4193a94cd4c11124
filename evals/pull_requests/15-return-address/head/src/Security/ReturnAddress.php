<?php

declare(strict_types=1);

namespace App\Security;

/** Decides where people may be sent after they signed in. */
final class ReturnAddress
{
    private const FALLBACK = '/';

    /** @param list<string> $hosts */
    public function __construct(private readonly array $hosts)
    {
    }

    public function from(?string $requested): string
    {
        if ($requested === null || $requested === '') {
            return self::FALLBACK;
        }
        if ($this->isLocal($requested)) {
            return $requested;
        }
        return $this->isOurs($requested) ? $requested : self::FALLBACK;
    }

    private function isOurs(string $address): bool
    {
        foreach ($this->hosts as $host) {
            $pattern = '~^https://(?:[a-z0-9-]+\.)?' . preg_quote($host, '~') . '~D';
            if (preg_match($pattern, $address) === 1) {
                return true;
            }
        }
        return false;
    }

    private function isLocal(string $address): bool
    {
        return preg_match('~^/(?![/\\\\])[^\s\\\\]*$~D', $address) === 1;
    }
}
