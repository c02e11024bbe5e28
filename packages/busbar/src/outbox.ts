export * from '@busbar/outbox';
