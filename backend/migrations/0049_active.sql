-- A PDF may bring a program, a file or a form that sends itself: looked at when it is first listed or read. NULL: not yet.
ALTER TABLE blob ADD COLUMN active boolean;
