export * from '@busbar/config';
