<?php

declare(strict_types=1);

namespace App\Accounts;

interface AccountRepository
{
    public function byEmail(string $email): ?Account;

    public function add(Account $account): void;

    /** Does nothing unless the account's hash is still $expected. */
    public function replacePasswordHash(int $accountId, string $expected, string $new): void;
}
