/**
 * In `outbox.expires_at`: the message waits for as long as there is room for it. No life that somebody gave a message is as
 * long, and an earlier version reads it as a date far away.
 */
export const ENDLESS = 999_999_999_999_999;
