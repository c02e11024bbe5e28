export * from '@busbar/telemetry';
