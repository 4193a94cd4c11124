<?php

declare(strict_types=1);

namespace App\Security;

/** Decides where people may be sent after they signed in. */
final class ReturnAddress
{
    private const FALLBACK = '/';
    private const ALLOWED = '~^https://(?:[a-z0-9-]+\.)?shop\.example(?:/|$)~D';

    public function from(?string $requested): string
    {
        if ($requested === null || $requested === '') {
            return self::FALLBACK;
        }
        if ($this->isLocal($requested)) {
            return $requested;
        }
        return preg_match(self::ALLOWED, $requested) === 1 ? $requested : self::FALLBACK;
    }

    private function isLocal(string $address): bool
    {
        return preg_match('~^/(?![/\\\\])[^\s\\\\]*$~D', $address) === 1;
    }
}
