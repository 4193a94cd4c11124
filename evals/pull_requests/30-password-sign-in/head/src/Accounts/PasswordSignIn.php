<?php

declare(strict_types=1);

namespace App\Accounts;

final class PasswordSignIn
{
    private const ALGORITHM = PASSWORD_ARGON2ID;
    private const OPTIONS = ['memory_cost' => 65536, 'time_cost' => 4, 'threads' => 1];

    public function __construct(
        private readonly AccountRepository $accounts,
        private readonly SignInLog $log,
    ) {
    }

    public function signIn(string $email, string $password): ?Account
    {
        $account = $this->accounts->byEmail($email);
        if ($account === null) {
            return null;
        }
        if (!password_verify($password, $account->passwordHash())) {
            $this->log->failed($account->id());
            return null;
        }
        $this->strengthen($account, $password);
        $this->log->succeeded($account->id());
        return $account;
    }

    private function strengthen(Account $account, string $password): void
    {
        $verified = $account->passwordHash();
        if (!password_needs_rehash($verified, self::ALGORITHM, self::OPTIONS)) {
            return;
        }
        $stronger = password_hash($password, self::ALGORITHM, self::OPTIONS);
        $this->accounts->replacePasswordHash($account->id(), $verified, $stronger);
    }
}
