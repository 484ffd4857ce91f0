"""`python -m pipeline`, and the console script `frontload`."""

from pipeline.study.door import main

if __name__ == "__main__":
    main()
