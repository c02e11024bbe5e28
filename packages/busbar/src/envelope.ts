export * from '@busbar/envelope';
