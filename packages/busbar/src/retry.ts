export * from '@busbar/retry';
