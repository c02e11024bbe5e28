export * from '@busbar/errors';
