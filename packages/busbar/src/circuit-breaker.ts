export * from '@busbar/circuit-breaker';
