<?php

declare(strict_types=1);

namespace App\Accounts;

final class PasswordSignIn
{
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
        $this->log->succeeded($account->id());
        return $account;
    }
}
