// What a program that does nothing takes.
const start = performance.now();
console.log(performance.now() - start);
