export * from '@busbar/postgres';
