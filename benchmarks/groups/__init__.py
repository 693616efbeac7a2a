"""Error rates per group of people and pictures: whose photographs are called fake?"""
