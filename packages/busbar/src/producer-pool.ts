export * from '@busbar/producer-pool';
