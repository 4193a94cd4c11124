from code_review.main import main

main()
